#pragma once

#include <string>

#include "control/session.hpp"
#include "hub/rendition.hpp"

namespace millrace {

/// How a viewer is to be served: the options of an accepted play request, as every protocol that
/// sends from a rendition takes them.
struct PlayOptions {
  std::string stream;  // key
  RenditionOptions rendition;
  TimeJitter jitter = TimeJitter::kFull;
  bool atc_auto = false;  // the publisher's metadata may choose TimeJitter::kSource
  bool tcp_nodelay = false;
  Duration duration{0};  // end after so long; zero = never

  static PlayOptions from(const Fields& fields, const Limits& limits);
  /// Names what of this shapes a rendition; to be appended to the form's own name.
  [[nodiscard]] std::string rendition_suffix() const;
};

}  // namespace millrace
