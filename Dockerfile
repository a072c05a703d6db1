# The API, the purge worker and verify-sessions, on a PostgreSQL of yours (PHASELOCK_DATABASE_URL). TypeScript runs as it is, so there is nothing to build but the dependencies.
FROM node:24.21.0-slim AS app
WORKDIR /app
COPY . .
# Without the optional packages: they are the embedded PostgreSQL.
RUN npx --yes pnpm@12 install --frozen-lockfile --prod --no-optional --filter @phaselock/api... --filter @phaselock/purge-worker... --filter @phaselock/verify-cli... && rm -rf /root/.npm /root/.local

FROM node:24.21.0-slim
# The commit, for phaselock_build_info: an image has no checkout to ask.
ARG PHASELOCK_REVISION=
ENV NODE_ENV=production PHASELOCK_HOST=0.0.0.0 PHASELOCK_PORT=4700 PHASELOCK_REVISION=$PHASELOCK_REVISION
WORKDIR /app
# Owned by root, run by somebody else: what runs cannot change what it runs.
COPY --from=app /app .
# Where a volume for archives may be mounted, if they are kept in a folder.
RUN mkdir /archive && chown node:node /archive
USER node
EXPOSE 4700
# A process that starts on a busy machine is not unhealthy yet, and to ask takes a process of its own.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PHASELOCK_PORT}/healthz`).then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# As the first process, so that signals reach it.
CMD ["node", "apps/api/src/main.ts"]
