// The API over HTTP: JSON in, or an error that says what to do.

export const INTERVAL_MS = {"1s": 1_000, "1m": 60_000, "5m": 300_000}
export const FORMATS = {csv: "CSV", parquet: "Parquet", arrow: "Arrow"}
const TIMEOUT_MS = 10_000
const UPLOAD_TIMEOUT_MS = 600_000 // 200 MB over a slow line, and the reading of five million rows

/** A request that failed; `answered` tells a refusal from silence, `errors` names each wrong part. */
export class RequestFailed extends Error {
  constructor(message, {answered, status = null, errors = []}) {
    super(message)
    this.answered = answered
    this.status = status
    this.errors = errors
  }
}

/** GET `path` of the API at `base`. */
export async function get(base, path, {allow = []} = {}) {
  return ask(base, path, {allow})
}

/** PUT, POST or DELETE; `body` is JSON, or a form with files; `more` headers. Null for an answer without a body. */
export async function send(base, method, path, body = null, more = {}) {
  const isForm = body instanceof FormData
  const headers = {...(body === null || isForm ? {} : {"content-type": "application/json"}), ...more}
  const timeoutMs = isForm ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS
  return ask(base, path, {method, headers, timeoutMs, body: isForm || body === null ? body : JSON.stringify(body)})
}

/** GET an answer of many JSON lines; hear each as it comes. */
export async function eachLine(base, path, {signal, onLine}) {
  const response = await request(base + path, {signal, headers: {accept: "application/x-ndjson"}})
  if (!response.ok) throw await refusal(base + path, response)
  const lines = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  for (let read = await lines.read(); !read.done; read = await lines.read()) {
    const parts = (rest + read.value).split("\n")
    rest = parts.pop()
    parts.filter(Boolean).forEach((line) => onLine(JSON.parse(line)))
  }
  if (rest.trim()) onLine(JSON.parse(rest))
}

/** `path` with those parameters that have a value, in place of what it had of them. */
export function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "")
  const [plain, before = ""] = path.split("?")
  const query = new URLSearchParams(before)
  given.forEach(([name, value]) => query.set(name, String(value)))
  return query.size ? `${plain}?${query}` : plain
}

async function ask(base, path, {allow = [], timeoutMs = TIMEOUT_MS, headers = {}, ...options}) {
  const url = base + path
  const response = await request(url, {...options, timeoutMs, headers: {accept: "application/json", ...headers}})
  if (response.status === 204) return null
  if (!response.ok && !allow.includes(response.status)) throw await refusal(url, response)
  const body = await response.json().catch((error) => {
    if (error.name === "TimeoutError") throw new RequestFailed(`${url} did not answer within ${timeoutMs / 1000} s`, {answered: false})
    return null
  })
  if (body === null) throw new RequestFailed(`${url}: answered ${response.status} without JSON`, {answered: true, status: response.status})
  return body
}

async function request(url, {timeoutMs = null, signal = timeoutMs && AbortSignal.timeout(timeoutMs), ...options}) {
  try {
    return await fetch(url, {...options, signal})
  } catch (error) {
    if (error.name === "AbortError") throw error
    const why = error.name === "TimeoutError" ? `did not answer within ${timeoutMs / 1000} s` : "does not answer"
    throw new RequestFailed(`${url} ${why}`, {answered: false})
  }
}

async function refusal(url, response) {
  const body = await response.json().catch(() => null)
  const detail = body?.detail ?? body?.title ?? `answered ${response.status} ${response.statusText}`
  return new RequestFailed(`${url}: ${detail}`, {answered: true, status: response.status, errors: body?.errors ?? []})
}
