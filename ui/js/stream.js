// The API's WebSocket: one a tab, shared by every part of the page through reference-counted channels.
//
// A subscriber gets ("snapshot", messages), ("update", messages) and ("gap", []): after a gap it must
// fetch what it missed by REST. Reconnects with growing pauses, for ever.

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000
const HEARTBEAT_LIMIT_MS = 15_000 // three of the API's heartbeats: the line is dead though nobody closed it
const SILENCE_LIMIT_MS = 10_000 // one-second bars of a liquid symbol come about every second
const KEPT_MESSAGES = 600 // a channel, for those who subscribe late
const KEPT_LATENCIES = 60 // some ten seconds of a pair

const streams = new Map()

/** The tab's stream to the API at `base`. */
export function streamOf(base) {
  if (!streams.has(base)) streams.set(base, new Stream(base))
  return streams.get(base)
}

const isData = (channel) => /^(bars|spreads):/.test(channel)

export class Stream {
  constructor(base) {
    this.base = base
    this.url = base.replace(/^http/, "ws") + "/stream"
    this.channels = new Map()
    this.listeners = new Set()
    this.latencies = []
    this.phase = "connecting" // then "open" or "down"
    this.phaseSinceMs = Date.now()
    this.heardMs = null // any frame
    this.dataMs = null // the last bar or spread
    this.wantedMs = null // since when somebody listens for bars or spreads
    this.retryAtMs = null
    this.failures = 0
    this.gaps = 0
    this.silenceLimitMs = SILENCE_LIMIT_MS
    this.ticker = setInterval(() => this.#watch(), 1000)
    addEventListener("online", () => this.retry())
    this.#connect()
  }

  /** Hear a channel until the returned function is called. */
  subscribe(name, handler) {
    let channel = this.channels.get(name)
    if (!channel) {
      channel = {handlers: new Set(), seq: null, kept: []}
      this.channels.set(name, channel)
      if (isData(name)) this.wantedMs ??= Date.now()
      this.#send({op: "subscribe", channels: [name]})
    } else if (channel.kept.length) {
      queueMicrotask(() => channel.handlers.has(handler) && handler("snapshot", channel.kept))
    }
    channel.handlers.add(handler)
    return () => this.#unsubscribe(name, handler)
  }

  /** Hear every change of the connection's state, and once a second. */
  watch(listener) {
    this.listeners.add(listener)
    listener(this)
    return () => this.listeners.delete(listener)
  }

  /** What the user should believe: connecting, idle (nobody listens), live, stale or down, and since when. */
  get state() {
    if (this.phase !== "open") return {name: this.phase, sinceMs: this.dataMs ?? this.phaseSinceMs}
    if (this.wantedMs === null) return {name: "idle", sinceMs: this.phaseSinceMs}
    const lastMs = Math.max(this.dataMs ?? 0, this.phaseSinceMs, this.wantedMs)
    if (Date.now() - lastMs > this.silenceLimitMs) return {name: "stale", sinceMs: this.dataMs ?? this.phaseSinceMs}
    return {name: this.dataMs === null ? "connecting" : "live", sinceMs: lastMs}
  }

  /** Median time from the trades' arrival to the API's publishing of what came of them. */
  get latencyMs() {
    if (!this.latencies.length) return null
    const sorted = [...this.latencies].sort((a, b) => a - b)
    return sorted[sorted.length >> 1]
  }

  /** Try again now rather than after the pause. */
  retry() {
    if (this.phase !== "down" || !this.timer) return
    clearTimeout(this.timer)
    this.#connect()
  }

  #connect() {
    this.timer = null
    this.retryAtMs = null
    // The shell's template replaces window.WebSocket while it loads and takes any failure for its own;
    // the prototype still knows the original.
    const socket = new WebSocket.prototype.constructor(this.url)
    this.socket = socket
    socket.onopen = () => this.#opened()
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data))
    socket.onclose = () => socket === this.socket && this.#closed()
    if (this.phase !== "connecting") this.#notify()
  }

  #opened() {
    this.heardMs = Date.now()
    this.failures = 0
    this.#enter("open")
    const names = [...this.channels.keys()]
    if (names.length) this.#send({op: "subscribe", channels: names})
  }

  #closed() {
    for (const channel of this.channels.values()) channel.seq = null
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures)
    const jittered = pause * (0.75 + Math.random() / 2) // so that a hundred tabs do not come back at once
    this.failures += 1
    this.retryAtMs = Date.now() + jittered
    this.timer = setTimeout(() => this.#connect(), jittered)
    this.#enter("down")
  }

  #receive(frame) {
    this.heardMs = Date.now()
    const channel = this.channels.get(frame.channel)
    if (frame.type === "error") console.warn("stream:", frame.problem?.detail ?? frame.problem)
    if (!channel) return
    if (frame.type === "snapshot") this.#snapshot(channel, frame)
    else if (frame.type === "update") this.#update(channel, frame)
    else if (frame.type === "skipped") this.#gap(channel, frame.seq)
  }

  #snapshot(channel, frame) {
    channel.seq = frame.seq
    channel.kept = frame.data.slice(-KEPT_MESSAGES)
    for (const handler of channel.handlers) handler("snapshot", frame.data)
  }

  #update(channel, frame) {
    const missed = channel.seq !== null && frame.seq - frame.data.length > channel.seq
    if (channel.seq !== null && frame.seq <= channel.seq) return // already seen
    if (missed) this.#gap(channel, frame.seq)
    channel.seq = frame.seq
    channel.kept = [...channel.kept, ...frame.data].slice(-KEPT_MESSAGES)
    if (isData(frame.channel)) this.#measure(frame.data)
    for (const handler of channel.handlers) handler("update", frame.data)
  }

  #gap(channel, seq) {
    this.gaps += 1
    channel.seq = seq
    for (const handler of channel.handlers) handler("gap", [])
  }

  #measure(messages) {
    const wasLive = this.state.name === "live"
    this.dataMs = Date.now()
    for (const message of messages) {
      if (message.arrival_ms == null || message.published_ms == null) continue
      this.latencies.push(message.published_ms - message.arrival_ms)
    }
    if (this.latencies.length > KEPT_LATENCIES) this.latencies.splice(0, this.latencies.length - KEPT_LATENCIES)
    if (!wasLive) this.#notify()
  }

  #unsubscribe(name, handler) {
    const channel = this.channels.get(name)
    if (!channel?.handlers.delete(handler) || channel.handlers.size) return
    this.channels.delete(name)
    if (![...this.channels.keys()].some(isData)) this.wantedMs = null
    this.#send({op: "unsubscribe", channels: [name]})
  }

  #send(command) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(command))
  }

  #watch() {
    const silentMs = Date.now() - (this.heardMs ?? this.phaseSinceMs)
    if (this.phase === "open" && silentMs > HEARTBEAT_LIMIT_MS) {
      const dead = this.socket
      this.socket = null // its own close event may take minutes; do not wait for it
      dead.close()
      this.#closed()
      return
    }
    this.#notify()
  }

  #enter(phase) {
    if (this.phase !== phase) this.phaseSinceMs = Date.now()
    this.phase = phase
    this.#notify()
  }

  #notify() {
    for (const listener of this.listeners) listener(this)
  }
}
