# Flags and helper functions of this build. Nothing here is installed: what a plugin author needs is in sdk/cmake.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(WEIR_PLUGIN_OUTPUT_DIR "${CMAKE_BINARY_DIR}/lib/weir/plugins")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_library(weir_flags INTERFACE)
target_compile_options(weir_flags INTERFACE
  -Wall -Wextra -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -Wno-missing-field-initializers -fno-omit-frame-pointer
  -march=${WEIR_MARCH})
if(WEIR_WERROR)
  target_compile_options(weir_flags INTERFACE -Werror)
endif()
if(WEIR_SEEDED_BUGS)
  add_compile_definitions(WEIR_SEEDED_BUGS)
endif()
if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
endif()
if(WEIR_SANITIZE STREQUAL "thread")
  # Programs bring it along for the plugins that they load; nothing of their own asks for it.
  add_library(weir_tsan_c11_threads SHARED "${CMAKE_CURRENT_LIST_DIR}/tsan_c11_threads.c")
  set_target_properties(weir_tsan_c11_threads PROPERTIES C_STANDARD 11 C_EXTENSIONS ON)
  set(weir_tsan_program "$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>")
  link_libraries("$<${weir_tsan_program}:-Wl,--push-state,--no-as-needed>" "$<${weir_tsan_program}:weir_tsan_c11_threads>"
                 "$<${weir_tsan_program}:-Wl,--pop-state>")
endif()

if(WEIR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# weir_room(NAME DEPS target...): one room of host/ as a static library weir_<name>, from every .cpp of the calling folder.
function(weir_room name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(sources)
    add_library(weir_${name} STATIC ${sources})
    target_include_directories(weir_${name} PUBLIC "${CMAKE_SOURCE_DIR}/host")
    target_link_libraries(weir_${name} PUBLIC weir::sdk ${ARG_DEPS} PRIVATE weir_flags)
  else()
    add_library(weir_${name} INTERFACE)
    target_include_directories(weir_${name} INTERFACE "${CMAKE_SOURCE_DIR}/host")
    target_link_libraries(weir_${name} INTERFACE weir::sdk ${ARG_DEPS})
  endif()
endfunction()

# weir_time_limit(TEST SECONDS): when ctest gives up on it; longer in a build that is slow by nature (WEIR_TIME_FACTOR of its preset).
function(weir_time_limit name seconds)
  math(EXPR limit "${seconds} * ${WEIR_TIME_FACTOR}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${limit})
endfunction()

# Builds every test with the label unit: what scripts/check runs.
add_custom_target(unit_tests)

# weir_test(NAME SOURCES file... DEPS target... LABELS label...): one GoogleTest binary, registered with ctest.
function(weir_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} weir::testing weir_flags GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    WEIR_SOURCE_DIR="${CMAKE_SOURCE_DIR}" WEIR_BINARY_DIR="${CMAKE_BINARY_DIR}"
    WEIR_PLUGIN_DIR="${WEIR_PLUGIN_OUTPUT_DIR}")
  target_compile_options(${name} PRIVATE ${WEIR_TEST_FLAGS})
  # Tests of one folder have helpers of the same names.
  set_target_properties(${name} PROPERTIES WEIR_TEST ON UNITY_BUILD OFF)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  weir_time_limit(${name} ${ARG_TIMEOUT})
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(unit_tests ${name})
  endif()
endfunction()

# weir_uses_postgres(TEST...): the same with a PostgreSQL server; libpq's connection string is the first line of the file address in
# the folder $WEIR_POSTGRES_DIR.
set(WEIR_POSTGRES_DIR "${CMAKE_BINARY_DIR}/services/postgres")
function(weir_uses_postgres)
  foreach(name IN LISTS ARGN)
    set_property(TEST ${name} APPEND PROPERTY FIXTURES_REQUIRED postgres)
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "WEIR_POSTGRES_DIR=${WEIR_POSTGRES_DIR}")
  endforeach()
endfunction()

# weir_uses_kafka(TEST...): the ctest tests need a real broker. One is started for the run; its address is the first line of the file
# address in the folder $WEIR_KAFKA_DIR (see tests/services).
set(WEIR_KAFKA_DIR "${CMAKE_BINARY_DIR}/services/kafka")
function(weir_uses_kafka)
  foreach(name IN LISTS ARGN)
    set_property(TEST ${name} APPEND PROPERTY FIXTURES_REQUIRED kafka)
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "WEIR_KAFKA_DIR=${WEIR_KAFKA_DIR}")
  endforeach()
endfunction()

# weir_product(DIRECTORY...): the target product builds all that these folders build by default, save tests: those
# of weir_test() and what is in a folder named tests.
function(weir_product)
  if(NOT TARGET product)
    add_custom_target(product)
  endif()
  foreach(dir IN LISTS ARGN)
    get_filename_component(name "${dir}" NAME)
    if(name STREQUAL "tests")
      continue()
    endif()
    get_property(targets DIRECTORY "${dir}" PROPERTY BUILDSYSTEM_TARGETS)
    foreach(target IN LISTS targets)
      get_target_property(type ${target} TYPE)
      get_target_property(left_out ${target} EXCLUDE_FROM_ALL)
      get_target_property(is_test ${target} WEIR_TEST)
      if(NOT left_out AND NOT is_test AND NOT type STREQUAL "INTERFACE_LIBRARY")
        add_dependencies(product ${target})
      endif()
    endforeach()
    get_property(inner DIRECTORY "${dir}" PROPERTY SUBDIRECTORIES)
    weir_product(${inner})
  endforeach()
endfunction()
