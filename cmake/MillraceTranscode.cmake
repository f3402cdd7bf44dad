# The helper library millrace_transcode: FFmpeg's audio codecs, opened at run time when audio must be transcoded. Left out
# where FFmpeg's headers are not installed; the server then says so to whoever needs it.

pkg_check_modules(FFMPEG_AUDIO IMPORTED_TARGET libavcodec>=59.37 libavutil libswresample)
if(NOT FFMPEG_AUDIO_FOUND)
  message(STATUS "libavcodec 59.37 or newer is not there: audio will not be transcoded")
  return()
endif()

file(GLOB transcode_sources CONFIGURE_DEPENDS native/transcode/library/*.cpp)
add_library(millrace_transcode MODULE ${transcode_sources})
# Beside the program that opens it, where the loader looks for it: see native/transcode/library_file.cpp.
if(MILLRACE_ADDON)
  set(transcode_folder ${CMAKE_CURRENT_SOURCE_DIR}/build/Release)
else()
  set(transcode_folder ${CMAKE_CURRENT_BINARY_DIR})
endif()
set_target_properties(millrace_transcode PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${transcode_folder})
target_include_directories(millrace_transcode PRIVATE native)
target_link_libraries(millrace_transcode PRIVATE millrace_compiler PkgConfig::FFMPEG_AUDIO)
