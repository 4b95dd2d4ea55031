// A static of a template: STB_GNU_UNIQUE, one for the whole process, whatever RTLD_LOCAL says. Compiled as g++ does by default.
template <class T>
struct shared {
  static int value;
  static int* address() {
    static int counter = 0;
    return &counter;
  }
};
template <class T>
int shared<T>::value = 1;
extern "C" __attribute__((used, visibility("hidden"))) int* gnu_unique_user() {
  shared<int>::value += 1;
  return shared<int>::address();
}
#include "zoo.h"
