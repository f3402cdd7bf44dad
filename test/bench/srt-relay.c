/* The floor for SRT: what libsrt itself costs. One thread, one epoll: every payload of a publisher goes with
 * srt_sendmsg2() to each player of the same name. Reads no byte of it, decides nothing, counts nothing.
 *
 *   cc -O2 -o build/srt-relay test/bench/srt-relay.c -lsrt -lssl -lcrypto -lstdc++ -lpthread -lm
 *   build/srt-relay PORT LATENCY_MS
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <srt/srt.h>

enum { kMost = 4096, kEvents = 256 };

struct peer {
  SRTSOCKET socket;
  int publishes;
  char name[128]; /* r= of the stream id */
};

static struct peer peers[kMost];
static int count, epoll_id;

static struct peer *find(SRTSOCKET socket) {
  for (int i = 0; i < count; i++)
    if (peers[i].socket == socket) return &peers[i];
  return NULL;
}

static void drop(struct peer *peer) {
  srt_epoll_remove_usock(epoll_id, peer->socket);
  srt_close(peer->socket);
  *peer = peers[--count];
}

static void take(SRTSOCKET listener) {
  SRTSOCKET socket;
  while ((socket = srt_accept(listener, NULL, NULL)) != SRT_INVALID_SOCK) {
    char id[513] = "";
    int size = 512, no = 0, events = SRT_EPOLL_IN | SRT_EPOLL_ERR;
    srt_getsockflag(socket, SRTO_STREAMID, id, &size);
    const char *name = strstr(id, "r=");
    if (name == NULL || count == kMost) {
      srt_close(socket);
      continue;
    }
    srt_setsockflag(socket, SRTO_RCVSYN, &no, sizeof no);
    srt_setsockflag(socket, SRTO_SNDSYN, &no, sizeof no);
    struct peer *peer = &peers[count++];
    peer->socket = socket;
    peer->publishes = strstr(id, "m=publish") != NULL;
    snprintf(peer->name, sizeof peer->name, "%.*s", (int)strcspn(name + 2, ","), name + 2);
    srt_epoll_add_usock(epoll_id, socket, &events);
  }
}

static void relay(struct peer *from) {
  char payload[1500];
  int size;
  while ((size = srt_recvmsg2(from->socket, payload, sizeof payload, NULL)) > 0)
    for (int i = 0; i < count; i++)
      if (!peers[i].publishes && strcmp(peers[i].name, from->name) == 0)
        srt_sendmsg2(peers[i].socket, payload, size, NULL);
}

int main(int argc, char **argv) {
  if (argc != 3) return fputs("usage: srt-relay PORT LATENCY_MS\n", stderr), 2;
  int latency = atoi(argv[2]), no = 0, events = SRT_EPOLL_IN;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
  srt_startup();
  SRTSOCKET listener = srt_create_socket();
  srt_setsockflag(listener, SRTO_LATENCY, &latency, sizeof latency);
  srt_setsockflag(listener, SRTO_RCVSYN, &no, sizeof no);
  if (srt_bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || srt_listen(listener, 1024) != 0)
    return fprintf(stderr, "%s\n", srt_getlasterror_str()), 1;
  epoll_id = srt_epoll_create();
  srt_epoll_add_usock(epoll_id, listener, &events);
  for (;;) {
    SRT_EPOLL_EVENT ready[kEvents];
    int n = srt_epoll_uwait(epoll_id, ready, kEvents, 1000);
    for (int i = 0; i < n && i < kEvents; i++) {
      struct peer *peer = find(ready[i].fd);
      if (ready[i].fd == listener)
        take(listener);
      else if (peer == NULL || (ready[i].events & SRT_EPOLL_ERR) != 0) {
        if (peer != NULL) drop(peer);
      } else if (peer->publishes)
        relay(peer);
    }
  }
}
