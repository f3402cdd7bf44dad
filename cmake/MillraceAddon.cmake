# The Node.js addon: native/addon/ on top of millrace_core, with two exported symbols and its own OpenSSL.

file(GLOB_RECURSE addon_sources CONFIGURE_DEPENDS native/addon/*.cpp)
list(FILTER addon_sources EXCLUDE REGEX "_test\\.cpp$")
if(NOT addon_sources)
  message(FATAL_ERROR "native/addon/ has no sources")
endif()

if(NOT CMAKE_JS_INC)  # plain cmake -DMILLRACE_ADDON=ON, without cmake-js
  execute_process(
    COMMAND node -p "['node-api-headers', 'node-addon-api'].map((name) => require('path').resolve(require(name).include_dir)).join(';')"
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    OUTPUT_VARIABLE CMAKE_JS_INC OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()

add_library(millrace SHARED ${addon_sources} ${CMAKE_JS_SRC})
set_target_properties(millrace PROPERTIES
  PREFIX "" SUFFIX ".node" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/build/Release)
target_include_directories(millrace SYSTEM PRIVATE ${CMAKE_JS_INC})
file(READ ${CMAKE_CURRENT_SOURCE_DIR}/package.json package_json)
string(JSON package_version GET ${package_json} version)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/package.json)
target_compile_definitions(millrace PRIVATE
  MILLRACE_VERSION="${package_version}"
  NAPI_VERSION=8 NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS NAPI_DISABLE_CPP_EXCEPTIONS
  # A worker thread that is terminated delivers its last events where no JavaScript can run any more: what cannot
  # be thrown there must not abort the process.
  NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
target_link_libraries(millrace PRIVATE millrace_core)
if(MILLRACE_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # With these three on, GCC takes no comparison of a function with null for a constant (its bug 71962), which
  # node-addon-api's templates need.
  target_compile_options(millrace PRIVATE -fno-sanitize=null,nonnull-attribute,returns-nonnull-attribute)
endif()

# Node exports its own OpenSSL and llhttp. Hidden symbols and -Bsymbolic keep our calls in our copies, which are then
# the same under every version of Node. nodelete: the loader would else unmap the code under running loop threads when
# the last worker thread that uses the addon ends.
set(exports_map ${CMAKE_CURRENT_SOURCE_DIR}/native/exports.map)
target_link_options(millrace PRIVATE
  -Wl,--exclude-libs,ALL -Wl,-Bsymbolic -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,--version-script=${exports_map})
set_target_properties(millrace PROPERTIES LINK_DEPENDS ${exports_map})
