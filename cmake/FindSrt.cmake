# Finds libsrt 1.5 and defines Srt::srt: the static library with MILLRACE_STATIC_CRYPTO, else the shared one.
# It must be the flavour that uses OpenSSL, because it then shares the OpenSSL that is linked anyway.

if(MILLRACE_STATIC_CRYPTO)
  set(srt_names libsrt.a)
else()
  set(srt_names srt srt-openssl)
endif()
find_path(SRT_INCLUDE_DIR NAMES srt/srt.h)
find_library(SRT_LIBRARY NAMES ${srt_names})
mark_as_advanced(SRT_INCLUDE_DIR SRT_LIBRARY)

if(SRT_INCLUDE_DIR AND EXISTS ${SRT_INCLUDE_DIR}/srt/version.h)
  file(STRINGS ${SRT_INCLUDE_DIR}/srt/version.h srt_version_line REGEX "^#define SRT_VERSION_STRING ")
  string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" Srt_VERSION "${srt_version_line}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Srt
  REQUIRED_VARS SRT_LIBRARY SRT_INCLUDE_DIR
  VERSION_VAR Srt_VERSION
  REASON_FAILURE_MESSAGE "libsrt is missing. Debian and Ubuntu: apt-get install libsrt-openssl-dev.")

if(Srt_FOUND AND NOT TARGET Srt::srt)
  add_library(Srt::srt UNKNOWN IMPORTED)
  set_target_properties(Srt::srt PROPERTIES
    IMPORTED_LOCATION ${SRT_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${SRT_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "OpenSSL::SSL;OpenSSL::Crypto;Threads::Threads")
endif()
