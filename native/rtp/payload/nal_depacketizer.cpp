#include "rtp/payload/nal_depacketizer.hpp"

#include <algorithm>
#include <utility>

#include "codecs/nal/nal_units.hpp"

namespace millrace::rtp {

bool ParameterSets::has(uint8_t type) const {
  return std::ranges::any_of(sets_, [type](const Set& set) { return set.type == type; });
}

bool ParameterSets::knows(Bytes nal) const {
  return std::ranges::any_of(
      sets_, [nal](const Set& set) { return std::ranges::equal(set.nal->bytes(), nal); });
}

bool ParameterSets::put(uint8_t type, uint32_t id, Bytes nal) {
  const auto at = std::ranges::lower_bound(
      sets_, std::pair(type, id), {}, [](const Set& set) { return std::pair(set.type, set.id); });
  if (nal.size() > kMaxSetBytes) {
    return false;
  }
  if (at != sets_.end() && at->type == type && at->id == id) {
    at->nal = Buffer::copy_of(nal);
    return true;
  }
  if (sets_.size() == kMaxSets) {
    return false;
  }
  sets_.insert(at, Set{type, id, Buffer::copy_of(nal)});
  return true;
}

void ParameterSets::list(uint8_t type, std::vector<Bytes>& out) const {
  out.clear();
  for (const Set& set : sets_) {
    if (set.type == type) {
      out.push_back(set.nal->bytes());
    }
  }
}

void NalDepacketizer::add_signalled(Bytes nal) {
  if (nal.size() >= header_size_ && role_of(nal) == Role::kParameterSet && !sets_.knows(nal) &&
      put_parameter_set(nal, sets_)) {
    sets_changed_ = true;
  }
}

Status NalDepacketizer::add_unit(Bytes nal) {
  if (open_fragment_) {
    return malformed(nal);  // a unit within another one
  }
  const size_t offset = bytes_.size();
  if (const Status status = append_bytes(nal); !status) {
    return status;
  }
  return end_unit(offset);
}

Status NalDepacketizer::add_fragment(Bytes header, Bytes piece, bool start, bool end) {
  if (start == open_fragment_.has_value()) {
    return malformed(piece);  // a second start, or a middle without one
  }
  if (start) {
    open_fragment_ = bytes_.size();
    if (const Status status = append_bytes(header); !status) {
      return status;
    }
  }
  if (const Status status = append_bytes(piece); !status) {
    return status;
  }
  if (!end) {
    return {};
  }
  return end_unit(*std::exchange(open_fragment_, std::nullopt));
}

Status NalDepacketizer::end_unit(size_t offset) {
  const Bytes nal = Bytes(bytes_).subspan(offset);
  const Role role = role_of(nal);
  if (role == Role::kMedia) {
    if (units_.size() == nal::kMaxUnits) {
      return Error{ErrorCode::kNalUnitsTooMany, static_cast<uint32_t>(units_.size())};
    }
    units_.push_back({static_cast<uint32_t>(offset), static_cast<uint32_t>(nal.size())});
    return {};
  }
  Status status;
  if (role == Role::kParameterSet) {
    frame_has_sets_ = true;
    if (!sets_.knows(nal)) {
      status = put_parameter_set(nal, sets_);
      sets_changed_ = sets_changed_ || status;
    }
  }
  bytes_.resize(offset);
  return status;
}

bool NalDepacketizer::begins_frame(Bytes payload) const {
  // Where parameter sets come before each random access point, one that begins with a slice has
  // lost them, and they may have been others than before.
  const PayloadInfo info = inspect_payload(codec_, payload);
  const bool delimiter = payload.size() >= header_size_ && role_of(payload) == Role::kLeftOut;
  return info.starts_frame && (info.has_parameter_sets || delimiter || !sets_come_in_band_);
}

Result<Ref<Frame>> NalDepacketizer::finish() {
  if (open_fragment_) {
    return malformed(bytes_);
  }
  const Picture picture = inspect(bytes_, units_);
  if (!picture.has_slice) {
    return Ref<Frame>();  // parameter sets or SEI alone
  }
  if (sets_changed_) {
    auto track = make_track(sets_);
    if (!track) {
      return track.error();
    }
    if (*track) {
      adopt_track(*std::move(track));
      sets_changed_ = false;
    }
  }
  if (!track_) {
    ++counters_.unusable_frames;
    wants_random_access_ = true;
    return Ref<Frame>();
  }
  auto frame = nal::make_frame(pool_, track_, bytes_, units_);
  frame->random_access = picture.random_access;
  if (picture.random_access) {
    sets_come_in_band_ = frame_has_sets_;
  }
  return frame;
}

void NalDepacketizer::abandon() {
  bytes_.clear();
  units_.clear();
  open_fragment_.reset();
  frame_has_sets_ = false;
}

}  // namespace millrace::rtp
