# One libFuzzer program per *_fuzz.cpp, named fuzz_<target>. Run one with its corpus:
#   build/fuzz/fuzz_flv_tag_parser fuzz/corpus/flv_tag_parser -max_total_time=600

if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "MILLRACE_FUZZ needs Clang: cmake --preset fuzz")
endif()

include(MillraceFuzzNames)
# Coverage for the library too, so that the fuzzer sees into it.
target_compile_options(millrace_core PRIVATE -fsanitize=fuzzer-no-link)
foreach(source IN LISTS fuzz_sources)
  millrace_fuzz_name(name ${source})
  add_executable(fuzz_${name} ${source})
  target_link_libraries(fuzz_${name} PRIVATE millrace_core)
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer-no-link)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endforeach()
