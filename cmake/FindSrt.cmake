# Finds libsrt 1.5 and defines Srt::srt: the static library with MILLRACE_STATIC_CRYPTO, else the shared one.
# It must be the flavour that uses OpenSSL, because it then shares the OpenSSL that is linked anyway.
#
# In the static library the call of sendmsg() is renamed, so that the answer to a handshake can wait for its decision
# (native/protocols/srt/handshake_gate.hpp). MILLRACE_SRT_GATE says that it was.

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

# Until 1.5.6 a key message (KMREQ) longer than expected writes over the stack: CVE-2026-55868, CVE-2026-55869. Debian 12
# has the correction in 1.5.1-1+deb12u2, which the version of the library does not tell.
if(Srt_FOUND AND Srt_VERSION VERSION_LESS 1.5.6)
  set(srt_fixed "unknown")
  find_program(DPKG_QUERY dpkg-query)
  mark_as_advanced(DPKG_QUERY)
  if(DPKG_QUERY)
    execute_process(COMMAND ${DPKG_QUERY} -W -f \${Version} libsrt-openssl-dev
      OUTPUT_VARIABLE srt_package_version ERROR_QUIET RESULT_VARIABLE srt_package_missing)
    if(NOT srt_package_missing AND srt_package_version MATCHES "^1\\.5\\.1-")
      execute_process(COMMAND dpkg --compare-versions ${srt_package_version} ge 1.5.1-1+deb12u2
        RESULT_VARIABLE srt_too_old)
      if(srt_too_old EQUAL 0)
        set(srt_fixed "yes")
      else()
        set(srt_fixed "no")
      endif()
    endif()
  endif()
  if(srt_fixed STREQUAL "no")
    message(WARNING "libsrt ${srt_package_version} can be crashed by anybody who may connect (CVE-2026-55868, "
                    "CVE-2026-55869). Install the security update: apt-get install --only-upgrade libsrt-openssl-dev")
  elseif(srt_fixed STREQUAL "unknown")
    message(WARNING "libsrt ${Srt_VERSION} is older than 1.5.6. Unless your distribution has corrected CVE-2026-55868 and "
                    "CVE-2026-55869 in it, anybody who may connect can crash the server.")
  endif()
endif()

if(Srt_FOUND AND NOT TARGET Srt::srt)
  set(srt_definitions "")
  if(MILLRACE_STATIC_CRYPTO)
    set(srt_gated ${CMAKE_CURRENT_BINARY_DIR}/libsrt-gated.a)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SRT_LIBRARY})
    execute_process(
      COMMAND ${CMAKE_OBJCOPY} --redefine-sym sendmsg=millrace_srt_sendmsg ${SRT_LIBRARY} ${srt_gated}
      COMMAND_ERROR_IS_FATAL ANY)
    set(SRT_LIBRARY_TO_LINK ${srt_gated})
    set(srt_definitions MILLRACE_SRT_GATE)
  else()
    set(SRT_LIBRARY_TO_LINK ${SRT_LIBRARY})
  endif()
  add_library(Srt::srt UNKNOWN IMPORTED)
  set_target_properties(Srt::srt PROPERTIES
    IMPORTED_LOCATION ${SRT_LIBRARY_TO_LINK}
    INTERFACE_COMPILE_DEFINITIONS "${srt_definitions}"
    INTERFACE_INCLUDE_DIRECTORIES ${SRT_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "OpenSSL::SSL;OpenSSL::Crypto;Threads::Threads")
endif()
