// A service with OpenTelemetry's packages for Node.js alone. The SDK has to start before node:http is loaded.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';

const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter(), instrumentations: [new HttpInstrumentation()] });
sdk.start();

const { createRequire } = await import('node:module');
const http = createRequire(import.meta.url)('node:http');
http.createServer((request, response) => response.end(`${request.url}\n`)).listen(process.env.PORT);
process.on('SIGTERM', () => sdk.shutdown().finally(() => process.exit()));
