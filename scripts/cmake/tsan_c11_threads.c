/* C11 threads (<threads.h>) by POSIX threads, for builds under ThreadSanitizer alone.
 *
 * The runtime of this compiler's ThreadSanitizer learns of threads, locks and conditions from the POSIX functions it stands in front of;
 * those of C11 go past it inside the C library. A thread that librdkafka begins would have no state of the sanitizer and crash in the
 * first function that has (getaddrinfo, malloc), and its locks would order nothing. glibc's C11 types are its POSIX types under
 * another name, of the same size and alignment (nptl/thrd_create.c, mtx_init.c, cnd_init.c).
 *
 * What such a thread reads and writes is not looked at: the library is not instrumented, and orders much by atomics that nobody sees.
 * Its locks and queues are, so what it hands to a thread of weir is in order for that one. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "a C11 mutex is a POSIX one");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "a C11 condition is a POSIX one");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "a C11 once flag is a POSIX one");

/* The annotations of the sanitizer's runtime (dynamic_annotations.h, which has no header here). */
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);

static void look_away(void) {
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

/* Before a thread ends: the sanitizer refuses one that still looks away. */
static void look_again(void) {
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

static int code(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ENOMEM:
      return thrd_nomem;
    case ETIMEDOUT:
      return thrd_timedout;
    case EBUSY:
      return thrd_busy;
    default:
      return thrd_error;
  }
}

struct start {
  thrd_start_t body;
  void* argument;
};

static void* begin(void* p) {
  const struct start told = *(struct start*)p;
  free(p);
  look_away();
  const int result = told.body(told.argument);
  look_again();
  return (void*)(intptr_t)result;
}

int thrd_create(thrd_t* thread, thrd_start_t body, void* argument) {
  struct start* told = malloc(sizeof *told);
  if (!told) return thrd_nomem;
  told->body = body;
  told->argument = argument;
  const int error = pthread_create(thread, NULL, begin, told);
  if (error) free(told);
  return code(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* ended = NULL;
  const int error = pthread_join(thread, &ended);
  if (!error && result) *result = (int)(intptr_t)ended;
  return code(error);
}

int thrd_detach(thrd_t thread) { return code(pthread_detach(thread)); }

void thrd_exit(int result) {
  look_again();
  pthread_exit((void*)(intptr_t)result);
}

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  const int error = pthread_mutex_init((pthread_mutex_t*)mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return code(error);
}

int mtx_lock(mtx_t* mutex) { return code(pthread_mutex_lock((pthread_mutex_t*)mutex)); }
int mtx_trylock(mtx_t* mutex) { return code(pthread_mutex_trylock((pthread_mutex_t*)mutex)); }
int mtx_timedlock(mtx_t* restrict mutex, const struct timespec* restrict until) {
  return code(pthread_mutex_timedlock((pthread_mutex_t*)mutex, until));
}
int mtx_unlock(mtx_t* mutex) { return code(pthread_mutex_unlock((pthread_mutex_t*)mutex)); }
void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy((pthread_mutex_t*)mutex); }

int cnd_init(cnd_t* condition) { return code(pthread_cond_init((pthread_cond_t*)condition, NULL)); }
int cnd_signal(cnd_t* condition) { return code(pthread_cond_signal((pthread_cond_t*)condition)); }
int cnd_broadcast(cnd_t* condition) { return code(pthread_cond_broadcast((pthread_cond_t*)condition)); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return code(pthread_cond_wait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex));
}
int cnd_timedwait(cnd_t* restrict condition, mtx_t* restrict mutex, const struct timespec* restrict until) {
  return code(pthread_cond_timedwait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex, until));
}
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy((pthread_cond_t*)condition); }

void call_once(once_flag* flag, void (*what)(void)) { pthread_once((pthread_once_t*)flag, what); }
