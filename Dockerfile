# The API, the purge worker and verify-sessions, for an external PostgreSQL (PHASELOCK_DATABASE_URL). Node runs the
# TypeScript sources directly, so only the dependencies are installed.
FROM node:24.21.0-slim AS app
WORKDIR /app
COPY . .
# Leaves out the optional packages, which are the embedded PostgreSQL.
RUN npx --yes pnpm@12 install --frozen-lockfile --prod --no-optional --filter @phaselock/api... --filter @phaselock/purge-worker... --filter @phaselock/verify-cli... && rm -rf /root/.npm /root/.local

FROM node:24.21.0-slim
# The commit for phaselock_build_info, because an image has no git checkout to read it from.
ARG PHASELOCK_REVISION=
ENV NODE_ENV=production PHASELOCK_HOST=0.0.0.0 PHASELOCK_PORT=4700 PHASELOCK_REVISION=$PHASELOCK_REVISION
WORKDIR /app
# The files belong to root and the process runs as another user, so it cannot change its own code.
COPY --from=app /app .
# The mount point for a volume, if archives are stored in a folder.
RUN mkdir /archive && chown node:node /archive
USER node
EXPOSE 4700
# Long times, because a start may be slow on a busy machine and each check starts a Node process.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PHASELOCK_PORT}/healthz`).then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# Node is the first process, so that it receives signals.
CMD ["node", "apps/api/src/main.ts"]
