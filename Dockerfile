# Builds the server and an image that runs it with conf/docker.conf. docs/operations.md says how it is used.
FROM node:22-bookworm AS build
WORKDIR /src
COPY . .
# Installs system and npm packages, builds both parts, then leaves out what only the build needs.
RUN apt-get update && node scripts/setup.mjs && npm prune --omit=dev --no-audit --no-fund

FROM node:22-bookworm-slim
# FFmpeg's codecs, for audio that must be transcoded (WebRTC); the server runs without them too.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libavcodec59 libswresample4 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/millrace
COPY --from=build /src/package.json /src/LICENSE ./
COPY --from=build /src/bin ./bin
COPY --from=build /src/conf ./conf
COPY --from=build /src/players ./players
COPY --from=build /src/dist ./dist
COPY --from=build /src/build/Release ./build/Release
COPY --from=build /src/node_modules ./node_modules
# HLS files, the server's id and its pid file.
RUN mkdir objs && chown node:node objs
VOLUME /opt/millrace/objs
USER node
EXPOSE 1935 1985 8080 8000/udp 8000/tcp
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:1985/api/v1/versions').then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["bin/millrace"]
CMD ["-c", "conf/docker.conf"]
