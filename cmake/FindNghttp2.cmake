# Finds libnghttp2, which frames HTTP/2, and defines Nghttp2::nghttp2: the static library.
#
# Node exports its own nghttp2 of another version, so that a shared one would be bound to that. The packaged archive is not
# made for shared libraries in one place: a debugging function takes the address of stderr. That symbol is renamed, and
# native/protocols/http2/multiplexer.cpp defines it.

find_path(NGHTTP2_INCLUDE_DIR NAMES nghttp2/nghttp2.h)
find_library(NGHTTP2_LIBRARY NAMES libnghttp2.a)
mark_as_advanced(NGHTTP2_INCLUDE_DIR NGHTTP2_LIBRARY)

if(NGHTTP2_INCLUDE_DIR)
  file(STRINGS ${NGHTTP2_INCLUDE_DIR}/nghttp2/nghttp2ver.h nghttp2_version_line REGEX "^#define NGHTTP2_VERSION ")
  string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" Nghttp2_VERSION "${nghttp2_version_line}")
  # The limits against rapid resets (CVE-2023-44487) and floods of CONTINUATION (CVE-2024-28182) came with 1.57 and 1.61;
  # distributions have them in older versions too.
  file(STRINGS ${NGHTTP2_INCLUDE_DIR}/nghttp2/nghttp2.h nghttp2_limits REGEX "nghttp2_option_set_max_continuations")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Nghttp2
  REQUIRED_VARS NGHTTP2_LIBRARY NGHTTP2_INCLUDE_DIR nghttp2_limits
  VERSION_VAR Nghttp2_VERSION
  REASON_FAILURE_MESSAGE "no HTTP/2 then. Debian and Ubuntu: apt-get install libnghttp2-dev.")

if(Nghttp2_FOUND AND NOT TARGET Nghttp2::nghttp2)
  set(nghttp2_renamed ${CMAKE_CURRENT_BINARY_DIR}/libnghttp2-renamed.a)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${NGHTTP2_LIBRARY})
  execute_process(
    COMMAND ${CMAKE_OBJCOPY} --redefine-sym stderr=millrace_nghttp2_stderr ${NGHTTP2_LIBRARY} ${nghttp2_renamed}
    COMMAND_ERROR_IS_FATAL ANY)
  add_library(Nghttp2::nghttp2 STATIC IMPORTED)
  set_target_properties(Nghttp2::nghttp2 PROPERTIES
    IMPORTED_LOCATION ${nghttp2_renamed} INTERFACE_INCLUDE_DIRECTORIES ${NGHTTP2_INCLUDE_DIR})
endif()
