// What the pages keep, where the browser lets them: before every other script. Where it does not (blocked, or full), a stand-in
// that lasts as long as the page: marks, search and colors work all the same, and are forgotten with it.
(() => {
  const works = kind => {
    try {
      window[kind].setItem('deep-learning-checked.probe', ' '.repeat(1000))
      window[kind].removeItem('deep-learning-checked.probe')
      return true
    } catch { return false }
  }
  for (const kind of ['localStorage', 'sessionStorage']) {
    if (works(kind)) continue
    const kept = new Map()
    try { for (const [key, value] of Object.entries(window[kind])) kept.set(key, value) } catch {}       // full: what is there can be read
    const instead = {
      getItem: key => kept.get(String(key)) ?? null, setItem: (key, value) => { kept.set(String(key), String(value)) },
      removeItem: key => { kept.delete(String(key)) }, clear: () => kept.clear(), key: i => [...kept.keys()][i] ?? null,
    }
    Object.defineProperty(instead, 'length', {get: () => kept.size})
    Object.defineProperty(window, kind, {value: instead, configurable: true})
    window.courseForgets = true
  }
})()
