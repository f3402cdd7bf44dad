# Finds llhttp, the HTTP/1 parser of Node.js, and defines Llhttp::llhttp.
#
# It must become part of our own binary: the node executable exports its own llhttp, of another version and with another
# struct layout, and the loader would bind a shared library's users to that one. So this takes, in this order,
# - the C sources that distributions ship (Debian 12: node-llhttp in /usr/share/llhttp), or
# - a static library with its header (Debian 13, Ubuntu 24.04: libllhttp-dev).
# LLHTTP_ROOT names another place for either.

set(llhttp_places /usr/local/share/llhttp /usr/share/llhttp /usr/src/llhttp)
find_path(LLHTTP_SOURCE_DIR NAMES llhttp.c PATHS ${LLHTTP_ROOT} ${llhttp_places} PATH_SUFFIXES src NO_DEFAULT_PATH)
find_path(LLHTTP_INCLUDE_DIR NAMES llhttp.h
  HINTS ${LLHTTP_SOURCE_DIR} ${LLHTTP_ROOT} ${LLHTTP_ROOT}/include
  PATHS /usr/share/include/llhttp /usr/include /usr/local/include /usr/share/llhttp /usr/src/llhttp
  PATH_SUFFIXES include llhttp)
find_library(LLHTTP_LIBRARY NAMES libllhttp.a HINTS ${LLHTTP_ROOT} PATH_SUFFIXES lib)
mark_as_advanced(LLHTTP_SOURCE_DIR LLHTTP_INCLUDE_DIR LLHTTP_LIBRARY)

if(LLHTTP_INCLUDE_DIR)
  file(STRINGS ${LLHTTP_INCLUDE_DIR}/llhttp.h llhttp_version_lines REGEX "^#define LLHTTP_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9]+([0-9]+)" "\\1." Llhttp_VERSION "${llhttp_version_lines}")
  string(REGEX REPLACE "[.;]+" "." Llhttp_VERSION "${Llhttp_VERSION}")
  string(REGEX REPLACE "\\.$" "" Llhttp_VERSION "${Llhttp_VERSION}")
endif()

if(LLHTTP_SOURCE_DIR)
  set(llhttp_from ${LLHTTP_SOURCE_DIR})
else()
  set(llhttp_from ${LLHTTP_LIBRARY})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Llhttp
  REQUIRED_VARS llhttp_from LLHTTP_INCLUDE_DIR
  VERSION_VAR Llhttp_VERSION
  REASON_FAILURE_MESSAGE "\
neither the C sources nor a static library of llhttp are there. Debian 12: apt-get install node-llhttp. \
Newer Debian and Ubuntu: apt-get install libllhttp-dev. Elsewhere set LLHTTP_ROOT to a folder with them.")

if(Llhttp_FOUND AND NOT TARGET Llhttp::llhttp)
  if(LLHTTP_SOURCE_DIR)
    file(GLOB llhttp_sources ${LLHTTP_SOURCE_DIR}/*.c)
    add_library(llhttp STATIC ${llhttp_sources})
    target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
    # Generated code that is not ours to mend. The debug callbacks of llhttp.c are unused.
    target_compile_options(llhttp PRIVATE -w)
    add_library(Llhttp::llhttp ALIAS llhttp)
  else()
    add_library(Llhttp::llhttp STATIC IMPORTED)
    set_target_properties(Llhttp::llhttp PROPERTIES
      IMPORTED_LOCATION ${LLHTTP_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${LLHTTP_INCLUDE_DIR})
  endif()
endif()
