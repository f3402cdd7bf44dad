# For tools that only know node-gyp: hands the work to the same CMake build. native/gyp-stub stands in for the Node.js
# headers, which node-gyp would else download and CMake does not need.
#   node-gyp rebuild --nodedir=native/gyp-stub
{
  "targets": [
    {
      "target_name": "millrace",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          # Never written, so that CMake decides each time what is to be done.
          "outputs": ["<(module_root_dir)/build/cmake/.always"],
          "action": ["npx", "--no-install", "cmake-js", "build", "-d", "<(module_root_dir)", "-O", "<(module_root_dir)/build/cmake"]
        }
      ]
    }
  ]
}
