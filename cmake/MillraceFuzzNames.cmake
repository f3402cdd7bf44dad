# native/formats/flv/tag_parser_fuzz.cpp -> flv_tag_parser: the folders below the first one, and the file.
# Names the target, its corpus in fuzz/corpus/ and its ctest test.
function(millrace_fuzz_name result source)
  file(RELATIVE_PATH name ${CMAKE_CURRENT_SOURCE_DIR}/native ${source})
  string(REGEX REPLACE "_fuzz\\.cpp$" "" name ${name})
  string(REGEX REPLACE "^[^/]+/([^/]+/)" "\\1" name ${name})
  string(MAKE_C_IDENTIFIER ${name} name)
  set(${result} ${name} PARENT_SCOPE)
endfunction()
