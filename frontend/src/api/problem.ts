/** What can go wrong between this browser and the API, as one error with the server's own words. */

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly traceId: string | null = null,
    readonly details: unknown = null,
  ) {
    super(message);
    this.name = 'Problem';
  }
}

interface Envelope {
  error: { code: string; message: string; details?: unknown; trace_id?: string };
}

function isEnvelope(body: unknown): body is Envelope {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
}

/** Read the error envelope; an answer without one came from something in between, such as a proxy. */
export function problemOf(response: Response, body: unknown): Problem {
  if (isEnvelope(body)) {
    const { code, message, trace_id, details } = body.error;
    return new Problem(response.status, code, message, trace_id ?? null, details);
  }
  return new Problem(
    response.status,
    `HTTP_${response.status}`,
    `The server answered ${response.status} ${response.statusText} without saying why. Retry, or look at its log.`,
    response.headers.get('X-Request-ID'),
  );
}

export const unreachable = (cause: unknown): Problem =>
  new Problem(
    0,
    'UNREACHABLE',
    `The platform does not answer (${cause instanceof Error ? cause.message : String(cause)}). Check the network, then retry.`,
  );

/** Asking again is worth it when the server or the network failed, not when the request was refused. */
export function worthRetrying(failures: number, error: Error): boolean {
  const refused = error instanceof Problem && error.status >= 400 && error.status < 500;
  return !refused && failures < 2;
}
