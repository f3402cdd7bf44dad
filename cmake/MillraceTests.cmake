# Unit tests (*_test.cpp, one program) and the replay of the fuzz targets (*_fuzz.cpp, one program), as ctest tests.

find_package(GTest REQUIRED)

set(millrace_sanitizer_environment
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
  UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1
  TSAN_OPTIONS=halt_on_error=1:suppressions=${CMAKE_CURRENT_SOURCE_DIR}/cmake/tsan.supp)

if(test_sources)
  add_executable(millrace_tests ${test_sources})
  target_link_libraries(millrace_tests PRIVATE millrace_core GTest::gtest GTest::gtest_main)
  if(MILLRACE_SANITIZE)
    # Halves the time to compile them. What is tested keeps its optimization.
    target_compile_options(millrace_tests PRIVATE -O0)
  endif()
  # A few processes that share the tests: one per test would start a sanitizer thousands of times. Each writes its
  # results to a file, so that scripts/test.mjs can count single tests.
  set(shards 4)
  foreach(shard RANGE 1 ${shards})
    math(EXPR index "${shard} - 1")
    add_test(NAME unit.${shard} COMMAND millrace_tests
      --gtest_brief=1 --gtest_output=json:${CMAKE_CURRENT_BINARY_DIR}/unit.${shard}.json)
    set_tests_properties(unit.${shard} PROPERTIES
      TIMEOUT 300 WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index};${millrace_sanitizer_environment}")
  endforeach()
endif()

if(fuzz_sources)
  # Each target is renamed after its file, so that one program can hold them all and link only once.
  include(MillraceFuzzNames)
  add_executable(millrace_fuzz_replay native/fuzz_driver.cpp ${fuzz_sources})
  target_link_libraries(millrace_fuzz_replay PRIVATE millrace_core)
  set(registry "")
  foreach(source IN LISTS fuzz_sources)
    millrace_fuzz_name(name ${source})
    string(APPEND registry "MILLRACE_FUZZ_TARGET(${name})\n")
    set_source_files_properties(${source} PROPERTIES
      COMPILE_DEFINITIONS LLVMFuzzerTestOneInput=millrace_fuzz_${name})
    add_test(NAME fuzz.${name} COMMAND millrace_fuzz_replay ${name} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(fuzz.${name} PROPERTIES
      TIMEOUT 120 ENVIRONMENT "${millrace_sanitizer_environment}")
  endforeach()
  file(CONFIGURE OUTPUT generated/fuzz_targets.inc CONTENT "${registry}")
  target_include_directories(millrace_fuzz_replay PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
endif()
