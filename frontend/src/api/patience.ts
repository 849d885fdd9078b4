/** Reads again what the platform refused because it was asked too much, when it wants to be asked. */

const MOST_WAITS = 10;
const LONGEST_WAIT_S = 10;

/** The list of a large fleet comes in more pages than may be asked for at once; those that wait spread out. */
export async function patiently(request: Request): Promise<Response> {
  for (let waits = 1; ; waits += 1) {
    // Looked up at each call, so that what replaces fetch later (a test's fake) is used.
    const response = await globalThis.fetch(request);
    const wait = Number(response.headers.get('Retry-After') ?? NaN);
    const ended = request.method !== 'GET' || response.status !== 429 || waits > MOST_WAITS;
    if (ended || !(wait <= LONGEST_WAIT_S)) return response;
    await pause(wait + Math.random() * waits, request.signal);
  }
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      window.clearTimeout(timer);
      reject(new DOMException('The question was called off.', 'AbortError'));
    };
    const timer = window.setTimeout(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    }, seconds * 1000);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}
