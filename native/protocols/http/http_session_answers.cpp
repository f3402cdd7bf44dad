// HttpSession's answers: heads, files, and their way out.
#include <algorithm>
#include <array>
#include <utility>

#include "protocols/http/header_text.hpp"
#include "protocols/http/http_date.hpp"
#include "protocols/http/http_session.hpp"
#include "protocols/http/preconditions.hpp"
#include "protocols/http/query.hpp"
#include "protocols/http/target.hpp"

namespace millrace::http {

namespace {

// What a connection keeps of its scratch memory between requests.
constexpr size_t kKeptBytes = 4096;

constexpr std::array<std::string_view, 6> kOwnFields{
    "connection", "content-length", "content-type", "transfer-encoding", "server", "date"};

bool is_own_field(std::string_view name) {
  return std::any_of(kOwnFields.begin(), kOwnFields.end(),
                     [&](std::string_view own) { return equals_ignoring_case(own, name); });
}

bool has_no_body(unsigned status) { return status < 200 || status == 204 || status == 304; }

/// The vhost that is asked for: `vhost` or `domain` of the query, else the Host field.
std::string_view requested_host(const Request& request) {
  for (const std::string_view name : {"vhost", "domain"}) {
    if (const auto value = query_value(request.query, name); value && !value->empty()) {
      return *value;
    }
  }
  return host_name(request.host);
}

}  // namespace

void HttpSession::refuse(unsigned status) { write_error(status); }

void HttpSession::write_error(unsigned status, std::span<const Header> fields) {
  if (state_ != State::kAnswering) {
    return;
  }
  service_.writer().write_error(outgoing_.head(), status, keep_alive_, cors_,
                                parser_.request().method, fields);
  send_answer(keep_alive_);
}

void HttpSession::redirect(unsigned status, std::string_view location) {
  if (state_ != State::kAnswering) {
    return;
  }
  service_.writer().write_redirect(outgoing_.head(), status, location, keep_alive_, cors_);
  send_answer(keep_alive_);
}

void HttpSession::answer(const Answer& answer) {
  if (state_ != State::kAnswering) {
    return;
  }
  if (answer.keep_alive == KeepAlive::kNo) {
    keep_alive_ = KeepAlive::kNo;
  }
  const Request& request = parser_.request();
  const size_t size = answer.body ? answer.body->size : answer.text.size();
  Response response{.status = answer.status,
                    .content_type = answer.content_type,
                    .keep_alive = keep_alive_,
                    .cors = cors_};
  fields_.clear();
  std::copy_if(answer.fields.begin(), answer.fields.end(), std::back_inserter(fields_),
               [](const Header& field) { return !is_own_field(field.name); });
  ByteSelection part{answer.status, 0, size, {}};
  const HttpDate modified = format_http_date(answer.modified_unix_s);
  if (answer.status == 200 && request.is_get_or_head()) {
    const Validators validators{answer.etag, answer.modified_unix_s};
    if (answer.accept_ranges == AcceptRanges::kYes) {
      part = select_bytes(request, validators, size);
      fields_.push_back({"Accept-Ranges", "bytes"});
    } else if (is_not_modified(request, validators)) {
      part = {304, 0, 0, {}};
    }
    add_validators(validators, modified);
    if (!part.content_range.empty()) {
      fields_.push_back({"Content-Range", part.content_range});
    }
  }
  if (has_no_body(part.status)) {
    response.framing = Response::Framing::kNone;
    part.size = 0;
  }
  response.status = part.status;
  response.content_length = part.size;
  response.fields = fields_;
  service_.writer().write_head(outgoing_.head(), response);
  if (request.method != Method::kHead) {
    if (answer.body) {
      outgoing_.set_body(answer.body, static_cast<size_t>(part.offset),
                         static_cast<size_t>(part.size));
    } else {
      outgoing_.head().append(
          answer.text.substr(static_cast<size_t>(part.offset), static_cast<size_t>(part.size)));
    }
  }
  send_answer(keep_alive_);
}

void HttpSession::add_validators(const Validators& validators, const HttpDate& modified) {
  if (!validators.etag.empty()) {
    fields_.push_back({"ETag", validators.etag});
  }
  if (validators.modified_unix_s != 0) {
    fields_.push_back({"Last-Modified", {modified.data(), modified.size()}});
  }
}

Taken HttpSession::answer_with_file() {
  const Request& request = parser_.request();
  Result<FileAnswer> opened = service_.files().open(request, requested_host(request));
  if (!opened.ok()) {
    if (opened.error().code == ErrorCode::kHttpNotFound) {
      return Taken::kNo;
    }
    handler_.on_fault(opened.error());
    refuse(opened.error().code);
    return Taken::kYes;
  }
  FileAnswer& found = *opened;
  if (!found.location.empty()) {
    redirect(found.status, found.location);
    return Taken::kYes;
  }
  const HttpDate modified = format_http_date(found.modified_unix_s);
  fields_.clear();
  add_validators({found.etag, found.modified_unix_s}, modified);
  fields_.push_back({"Accept-Ranges", "bytes"});
  if (!found.cache_control.empty()) {
    fields_.push_back({"Cache-Control", found.cache_control});
  }
  if (!found.content_range.empty()) {
    fields_.push_back({"Content-Range", found.content_range});
  }
  const bool no_body = has_no_body(found.status);
  service_.writer().write_head(
      outgoing_.head(), {.status = found.status,
                         .content_type = no_body ? std::string_view{} : found.content_type,
                         .framing = no_body ? Response::Framing::kNone : Response::Framing::kLength,
                         .content_length = found.before.size() + found.size,
                         .keep_alive = keep_alive_,
                         .cors = cors_,
                         .fields = fields_});
  if (!no_body && request.method != Method::kHead) {
    outgoing_.head().append(reinterpret_cast<const char*>(found.before.data()),
                            found.before.size());
    outgoing_.set_file(std::move(found.file), found.offset, found.size);
  }
  send_answer(keep_alive_);
  return Taken::kYes;
}

void HttpSession::send_answer(KeepAlive keep_alive) {
  // What has not been read of the request's body cannot be told from the next request, so there is
  // none.
  keep_alive_ = parser_.in_body() ? KeepAlive::kNo : keep_alive;
  state_ = State::kSending;
  set_deadline(loop_.now() + service_.settings().deadlines.no_progress);
  send_some();
}

void HttpSession::send_some() {
  switch (outgoing_.send(*connection_)) {
    case OutgoingAnswer::Progress::kSent:
      finish_answer();
      break;
    case OutgoingAnswer::Progress::kBlocked:
      break;
    case OutgoingAnswer::Progress::kTurnTaken:
      loop_.arm(continue_, loop_.now());
      break;
    case OutgoingAnswer::Progress::kFileCut:
      // Only a broken connection tells the peer that the length it was promised will not come.
      end(Error{ErrorCode::kIoError});
      break;
  }
}

void HttpSession::finish_answer() {
  outgoing_.clear();
  if (body_.capacity() > kKeptBytes) {
    std::vector<uint8_t>{}.swap(body_);
  }
  if (keep_alive_ == KeepAlive::kNo || draining_) {
    end_when_sent();
    return;
  }
  state_ = State::kReading;
  set_deadline(loop_.now() + service_.settings().deadlines.idle);
  read_requests();
}

/// Everything is said. The connection outlives the session until the peer has read it.
void HttpSession::end_when_sent() {
  if (state_ == State::kEnded) {
    return;
  }
  state_ = State::kEnded;
  deadline_timer_.disarm();
  continue_.disarm();
  connection_->close_when_sent();
  handler_.on_end(Error{ErrorCode::kNone});
}

}  // namespace millrace::http
