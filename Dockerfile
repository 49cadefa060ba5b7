# Millrace's worker with the example project. For a project of your own, copy it to the place of examples/flights.

FROM node:20.19.5-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY examples/flights/package.json examples/flights/
RUN npm ci --no-audit --no-fund
COPY . .
# Without the config's source, every command takes the build: it needs no TypeScript, and the worker starts at once.
RUN npm run build && cd examples/flights && node /app/bin/millrace.js build && rm millrace.config.ts
RUN npm prune --omit=dev --no-audit --no-fund

FROM node:20.19.5-bookworm-slim
ENV NODE_ENV=production
# Temporal's native library verifies TLS with the system's certificates, which the slim image lacks.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/bin bin
COPY --from=build /app/dist dist
COPY --from=build /app/deploy/worker-health.mjs deploy/
COPY --from=build --chown=node:node /app/examples/flights examples/flights
WORKDIR /app/examples/flights
# Made here so that the volumes mounted over them belong to the user.
RUN mkdir -p .millrace /home/node/.cache/millrace && chown node:node .millrace /home/node/.cache /home/node/.cache/millrace
USER node
CMD ["node", "/app/bin/millrace.js", "worker"]
