/**
 * One way to talk to the centre: JSON over `/api/v1`, errors as {@link ApiError}.
 *
 * Invariants: every state-changing call carries `X-Songlam` (the centre's CSRF guard); a 401 is
 * reported once to whoever registered with {@link onUnauthorised}. It does not retry and keeps no
 * state: what a failure means is for the page to say.
 */

export const API = '/api/v1'

/** A refusal or failure, with the centre's own words in both languages where it gave some. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    readonly code: string,
    readonly messageVi: string,
    readonly messageEn: string,
    /** Anything more the centre said, e.g. one entry per refused row. */
    readonly detail: unknown = null,
  ) {
    super(messageEn || code)
  }

  /** The centre's message in the reader's language. */
  text(locale: string): string {
    return (locale === 'vi' ? this.messageVi : this.messageEn) || this.code
  }
}

let unauthorised: () => void = () => {}

/** Name the one function that ends the session on screen when the centre says 401. */
export function onUnauthorised(listener: () => void): void {
  unauthorised = listener
}

/** Turn an answer's status and body into the error the pages show. */
export function errorFrom(status: number, body: unknown): ApiError {
  const detail = (body as { detail?: unknown } | null)?.detail
  if (detail && typeof detail === 'object' && !Array.isArray(detail)) {
    const d = detail as { code?: string; message_vi?: string; message_en?: string }
    return new ApiError(
      status,
      d.code ?? `http_${status}`,
      d.message_vi ?? '',
      d.message_en ?? '',
      detail,
    )
  }
  if (status === 422) {
    return new ApiError(
      status,
      'invalid',
      'Dữ liệu gửi lên chưa hợp lệ.',
      'The data sent is not valid.',
      detail,
    )
  }
  return new ApiError(
    status,
    `http_${status}`,
    `Máy chủ trả lời lỗi ${status}.`,
    `The centre answered with error ${status}.`,
    detail,
  )
}

/** The error for a request that got no answer at all. */
export function networkError(): ApiError {
  return new ApiError(
    0,
    'network',
    'Không kết nối được với trung tâm.',
    'The centre cannot be reached.',
  )
}

type Scalar = string | number | boolean | null | undefined
type Query = Record<string, Scalar | readonly string[]>

/** Append the parameters that have a value; a list repeats its name. */
export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    const values = Array.isArray(value) ? value : [value]
    for (const one of values) {
      if (one !== null && one !== undefined && one !== '') search.append(key, String(one))
    }
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

async function answer(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-Songlam'] = '1'
  let payload: BodyInit | undefined
  // A blob brings its own type, a form its own boundary.
  if (body instanceof FormData || body instanceof Blob) payload = body
  else if (body !== undefined) {
    headers['Content-Type'] = 'application/json'
    payload = JSON.stringify(body)
  }
  let response: Response
  try {
    response = await fetch(API + path, {
      method,
      headers,
      body: payload,
      credentials: 'same-origin',
    })
  } catch {
    throw networkError()
  }
  if (response.ok) return response
  if (response.status === 401 && !path.startsWith('/session')) unauthorised()
  throw errorFrom(response.status, parsed(await response.text()))
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await answer(method, path, body)
  return parsed(await response.text()) as T
}

function parsed(text: string): unknown {
  if (!text) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export const get = <T>(path: string, query: Query = {}) => call<T>('GET', withQuery(path, query))
/** A file that is small enough to lie in the page's memory, so that a refusal can be told. */
export const getFile = async (path: string, query: Query = {}): Promise<Blob> =>
  (await answer('GET', withQuery(path, query))).blob()
export const post = <T>(path: string, body?: unknown) => call<T>('POST', path, body)
export const put = <T>(path: string, body?: unknown) => call<T>('PUT', path, body)
export const patch = <T>(path: string, body?: unknown) => call<T>('PATCH', path, body)
export const del = <T>(path: string) => call<T>('DELETE', path)

/** A page of a list; `next_cursor` is null on the last one. */
export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

/**
 * POST a form and report progress (0..1) while the bytes leave; `fetch` cannot.
 *
 * Throws {@link ApiError} like every other call.
 */
export function upload<T>(
  path: string,
  form: FormData,
  progress: (ratio: number) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', API + path)
    request.setRequestHeader('X-Songlam', '1')
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total)
    }
    request.onerror = () => reject(networkError())
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) resolve(body as T)
      else reject(errorFrom(request.status, body))
    }
    request.send(form)
  })
}
