#include "protocols/hls/requests.hpp"

#include "protocols/hls/playlist.hpp"

namespace millrace::hls {

Answer Requests::answer(std::string_view path, std::string_view query, Time now) {
  Answer out;
  out.object = store_.find(path);
  if (!out.object) {
    return out;
  }
  const std::string_view asked_id = context_of_query(query);
  if (!out.object->is_playlist()) {
    if (!asked_id.empty()) {
      sessions_.add_bytes(asked_id, out.object->body.size);
    }
    out.kind = Answer::Kind::kObject;
    return out;
  }
  const PlaylistTraits& traits = *out.object->playlist;
  if (!traits.context) {
    out.kind = out.object->is_pending() ? Answer::Kind::kWait : Answer::Kind::kObject;
    return out;
  }
  out.context_id = asked_id.empty() ? SessionTable::new_id() : std::string(asked_id);
  switch (sessions_.find_or_begin(out.context_id, path, 2 * traits.window, now)) {
    case SessionState::kNew:
      out.kind = Answer::Kind::kAdmit;
      return out;
    case SessionState::kAdmitted:
      return playlist_for(out.object, out.context_id);
    case SessionState::kEnded:
      out.kind = Answer::Kind::kGone;
      out.text = "HLS stream " + out.context_id + " is EOF";
      return out;
    case SessionState::kAdmitting:
    case SessionState::kTooMany:
      out.kind = Answer::Kind::kBusy;
      return out;
    case SessionState::kOtherStream:
    case SessionState::kInvalid:
      break;
  }
  // Not kNotFound: the playlist lies on disk too, and as a file it would be served without
  // admission.
  out.kind = Answer::Kind::kGone;
  out.text = "no HLS session of this playlist";
  return out;
}

Answer Requests::admitted(std::string_view path, std::string_view asked_path,
                          std::string_view query, std::string_view context_id, Time now) {
  sessions_.admit(context_id);
  Answer out;
  out.context_id = context_id;
  if (!context_of_query(query).empty()) {
    return answer(path, query, now);
  }
  out.object = store_.find(path);
  if (!out.object || !out.object->is_playlist()) {
    return out;  // the stream went while admission was asked for
  }
  if (out.object->playlist->master_path_relative) {
    asked_path.remove_prefix(asked_path.rfind('/') + 1);
  }
  out.kind = Answer::Kind::kText;
  out.text = render_multivariant_playlist(asked_path, context_id, query);
  sessions_.add_bytes(context_id, out.text.size());
  return out;
}

Answer Requests::playlist_for(const StoredRef& object, std::string_view context_id) {
  Answer out;
  out.object = object;
  out.context_id = context_id;
  if (object->is_pending()) {
    out.kind = Answer::Kind::kWait;
    return out;
  }
  const PlaylistTraits& traits = *object->playlist;
  if (!traits.segment_context) {
    out.kind = Answer::Kind::kObject;
    sessions_.add_bytes(context_id, object->body.size);
    return out;
  }
  // A playlist is made in one piece.
  const BufferRef& body = object->body.parts.front();
  const std::string_view text(reinterpret_cast<const char*>(body->data()), body->size());
  out.kind = Answer::Kind::kText;
  out.text = with_context(text, traits.uri_ends, context_id);
  sessions_.add_bytes(context_id, out.text.size());
  return out;
}

}  // namespace millrace::hls
