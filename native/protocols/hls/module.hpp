#pragma once

#include "protocols/module.hpp"

namespace millrace::hls {

/// HLS has no listener of its own: it is an output of publishers, served by protocols/http_server.
extern const ProtocolModule kModule;

/// Where a vhost's objects lie in the store: nothing for the default one, else its name.
std::string url_root(std::string_view vhost);

}  // namespace millrace::hls
