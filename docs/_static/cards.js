// Question cards: what is known, progress, and the review. The marks stay in this browser.
// A mark is {known, box, due, at}: `box` counts how often in a row the answer was known, `due` is when (ms) it is asked again,
// `at` when it was marked. Each has a key of its own, so that two tabs lose nothing.
(() => {
  const KEY = 'deep-learning-checked.mark.', QUEUE = 'deep-learning-checked.review'
  const DAY = 24 * 60 * 60 * 1000, DAYS = [0, 1, 3, 7, 16, 35]     // days until a card is asked again, by box
  const APART = 3                                                   // cards between a "not yet" and the same card again
  const lessons = window.courseQuestions
  const root = document.documentElement.dataset.content_root
  let reviewing = false
  const make = (tag, props = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), props)
    element.append(...children)
    return element
  }

  // Marks

  const ofCourse = id => lessons.some(l => l.ids.includes(id))
  const isMark = m => m && typeof m.known === 'boolean' && Number.isInteger(m.box) && m.box >= 0 && m.box < DAYS.length
    && Number.isFinite(m.at) && m.at <= Date.now() + DAY && Number.isFinite(m.due) && m.due <= m.at + 2 * DAYS.at(-1) * DAY
  const read = text => { try { return JSON.parse(text) } catch { return null } }
  const stored = () => Array.from({length: localStorage.length}, (_, i) => localStorage.key(i)).filter(key => key?.startsWith(KEY))
  const every = () => Object.fromEntries(stored().map(key => [key.slice(KEY.length), read(localStorage.getItem(key))]).filter(([, m]) => isMark(m)))
  const load = () => Object.fromEntries(Object.entries(every()).filter(([id]) => ofCourse(id)))
  const put = (id, m) => {                                          // true if it is kept
    try {
      if (m === null) localStorage.removeItem(KEY + id)
      else localStorage.setItem(KEY + id, JSON.stringify({known: m.known, box: m.box, due: m.due, at: m.at}))
      return true
    } catch { return false }
  }
  const FULL = 'This browser has no room left for marks: the last one is not kept.'
  const mark = (id, known) => {                                     // known: true, false, or null to take the mark away
    const now = Date.now(), old = load()[id] ?? {known: false, box: 0, due: 0}
    const early = old.known && now < old.due                       // known, and not asked for yet: that proves nothing new
    const box = !known ? 0 : early ? old.box : Math.min(old.box + 1, DAYS.length - 1)
    const kept = put(id, known === null ? null : {known, box, due: early && known ? old.due : now + DAYS[box] * DAY, at: now})
    refresh()
    if (!kept) alert(FULL)
  }
  const due = () => {                                               // what the review asks: "not yet" first, then the longest due
    const marks = load(), now = Date.now()
    const ids = lessons.flatMap(l => l.ids).filter(id => marks[id] && (!marks[id].known || marks[id].due <= now))
    return ids.sort((a, b) => marks[a].known - marks[b].known || marks[a].due - marks[b].due)
  }

  // What a page shows of them

  const cards = () => [...document.querySelectorAll('section.question')]
  const idOf = card => card.querySelector('h2').textContent.slice(0, 5)
  const count = ids => {
    const marks = load()
    return {all: ids.length, known: ids.filter(id => marks[id]?.known).length, notYet: ids.filter(id => marks[id] && !marks[id].known).length}
  }
  const refresh = () => {
    const marks = load()
    for (const card of cards()) {
      const m = marks[idOf(card)]
      card.classList.toggle('known', !!m?.known)
      card.classList.toggle('not-yet', !!m && !m.known)
      card.querySelector('.marks .yes').setAttribute('aria-pressed', !reviewing && !!m?.known)
      card.querySelector('.marks .no').setAttribute('aria-pressed', !reviewing && !!m && !m.known)
    }
    for (const place of document.querySelectorAll('.progress-of')) {
      const wanted = JSON.parse(place.dataset.lessons)
      const {all, known, notYet} = count(lessons.filter(l => wanted.includes(l.lesson)).flatMap(l => l.ids))
      const text = `${known} of ${all} known, ${notYet} not yet`
      place.replaceChildren(make('span', {textContent: text}), make('progress', {max: all, value: known, ariaLabel: text}))
    }
    const n = due().length, start = document.getElementById('start-review')
    if (start) Object.assign(start, {disabled: n === 0, textContent: n ? `Review ${n} ${n === 1 ? 'card' : 'cards'}` : 'Nothing to review now'})
    const hello = document.getElementById('hello')
    if (hello) hello.hidden = Object.keys(marks).length > 0
  }

  // Cards: marks and keys

  const fold = (card, kind) => {
    const details = card.querySelector(`details.${kind}`)
    details.open = !details.open
  }
  const reach = card => { card.focus(); card.scrollIntoView({block: 'start'}) }
  const answerOf = (card, known) => {
    const id = idOf(card), old = load()[id]
    const again = !reviewing && old?.known === known && !(known && old.due <= Date.now())      // the same button again takes the mark away
    mark(id, again ? null : known)
    if (reviewing) next(id, known)
  }
  const KEYS = {
    j: (card, all) => reach(all[Math.min(all.indexOf(card) + 1, all.length - 1)]),
    k: (card, all) => reach(all[Math.max(all.indexOf(card) - 1, 0)]),
    h: card => fold(card, 'hint'), a: card => fold(card, 'answer'),
    y: card => answerOf(card, true), n: card => answerOf(card, false),
  }
  const dress = card => {
    card.tabIndex = -1
    const button = (kind, text, known) => {
      const b = make('button', {type: 'button', className: kind, textContent: text})
      b.addEventListener('click', () => answerOf(card, known))
      return b
    }
    const marks = make('div', {className: 'marks', role: 'group', ariaLabel: `Did you know ${idOf(card)}?`},
                       button('yes', 'Known', true), button('no', 'Not yet', false))
    card.append(marks)
    card.addEventListener('keydown', event => {                    // only while the card has the focus
      const key = KEYS[event.key]
      if (!key || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, textarea')) return
      event.preventDefault()
      key(card, cards().filter(c => c.offsetParent))
    })
  }
  const keys = () => {
    const first = make('button', {type: 'button', textContent: 'To the first card'})
    first.addEventListener('click', () => reach(cards()[0]))
    return make('div', {className: 'tools keys'}, first, 'Keys on a card: j next, k previous, h hint, a answer, y known, n not yet')
  }

  const said = text => { document.getElementById('said').textContent = text }

  // Review: a queue of ids, kept while the tab is open, that leads from page to page

  const queue = () => [read(sessionStorage.getItem(QUEUE))].flat().filter(ofCourse)
  const setQueue = ids => { try { sessionStorage.setItem(QUEUE, JSON.stringify(ids)) } catch { alert(FULL) } }
  const pageOf = id => root + lessons.find(l => l.ids.includes(id)).url
  const ask = (id, go = url => location.replace(url)) => {            // Back leads out of the review, not through it
    const card = cards().find(c => idOf(c) === id)
    if (!card) { go(`${pageOf(id)}?review`); return }
    for (const c of cards()) c.classList.toggle('asked', c === card)
    for (const details of card.querySelectorAll('details')) details.open = false
    document.querySelector('.review-bar b').textContent = `Review: ${queue().length} to go.`
    reach(card)
  }
  const next = (id, known) => {
    const rest = queue().filter(other => other !== id)
    if (!known) rest.splice(Math.min(APART, rest.length), 0, id)
    setQueue(rest)
    said(`${known ? 'Known' : 'To be asked again'}: ${id}.`)
    if (rest.length) ask(rest[0])
    else location.replace(`${root}practice.html?done`)
  }
  const startReview = () => {
    if (window.courseForgets) { said('The review leads from page to page, and this browser lets the page keep nothing on the way.'); return }
    setQueue(due()); ask(queue()[0], url => { location.href = url })
  }
  const review = () => {
    const end = make('a', {href: `${root}practice.html`, textContent: 'End the review'})
    document.querySelector('.bd-article h1').after(make('div', {className: 'review-bar'}, make('b'), make('span', {id: 'said', role: 'status'}), end))
    document.body.classList.add('reviewing')
    reviewing = true
    refresh()
    ask(queue()[0])
  }

  // The page "Practice": review, export, import, reset

  const exportMarks = () => {
    const file = new Blob([JSON.stringify({course: 'deep-learning-checked', marks: every()}, null, 1)], {type: 'application/json'})
    const link = make('a', {href: URL.createObjectURL(file), download: 'deep-learning-checked-marks.json'})
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }
  let before = null                                                 // the marks as they were, for one step back
  const restore = marks => {
    for (const key of stored()) localStorage.removeItem(key)
    return Object.entries(marks).filter(([id, m]) => !put(id, m)).length
  }
  const undoable = (text, marks) => {
    before = marks
    refresh()
    said(text)
    document.getElementById('undo').hidden = false
  }
  const undo = () => {
    const lost = restore(before)
    document.getElementById('undo').hidden = true
    refresh()
    said(lost ? `${lost} marks could not be put back: there is no room for them.` : 'Your marks are as they were before.')
  }
  const importMarks = async event => {
    const file = event.target.files[0]
    event.target.value = ''
    try {
      if (file.size > 1e6) throw new Error('it is too large for a file of marks')
      const found = JSON.parse(await file.text())
      if (found?.course !== 'deep-learning-checked' || !found.marks || typeof found.marks !== 'object') throw new Error('it holds no marks of this course')
      const mine = every(), told = {taken: 0, older: 0, unknown: 0, broken: 0, full: 0}
      for (const [id, m] of Object.entries(found.marks)) {
        if (!/^\d\d-\d\d$/.test(id) || !isMark(m)) told.broken++
        else if (mine[id] && mine[id].at >= m.at) told.older++
        else if (!put(id, m)) told.full++
        else { told.taken++; told.unknown += !ofCourse(id) }
      }
      const left = [told.older && `${told.older} left, since yours are as new or newer`, told.broken && `${told.broken} left, since they are no marks`,
                    told.full && `${told.full} not kept: this browser has no room for them`, told.unknown && `${told.unknown} are of questions that are not here`]
      undoable([`${told.taken} marks read from ${file.name}`, ...left.filter(Boolean)].join('; ') + '.', mine)
    } catch (error) { said(`${file.name} was not read: ${error.message}. Your marks are as they were.`) }
  }
  const reset = () => {
    if (!confirm('Forget all marks of this course in this browser?')) return
    const mine = every()
    restore({})
    sessionStorage.removeItem(QUEUE)
    undoable('All marks are forgotten.', mine)
  }
  const practice = place => {
    const button = (text, action, props = {}) => {
      const b = make('button', {type: 'button', textContent: text, ...props})
      b.addEventListener('click', action)
      return b
    }
    const input = make('input', {type: 'file', accept: '.json,application/json', ariaLabel: 'Import marks'})
    input.addEventListener('change', importMarks)
    const all = make('span', {className: 'progress-of'})
    all.dataset.lessons = JSON.stringify(lessons.map(l => l.lesson))
    const hello = make('p', {id: 'hello'}, 'No card has a mark yet. ', make('a', {href: root + lessons[0].url, textContent: `Start with the questions of lesson ${lessons[0].lesson}`}), '.')
    place.append(hello, all, make('div', {className: 'tools'},
      button('', startReview, {id: 'start-review', className: 'first'}), button('Export marks', exportMarks),
      make('label', {}, input, make('span', {textContent: 'Import marks'})), button('Forget all', reset), button('Undo', undo, {id: 'undo', hidden: true})),
      make('p', {id: 'said', role: 'status', textContent: location.search === '?done' ? 'Review finished.' : ''}))
    if (location.search) history.replaceState(null, '', location.pathname)
  }

  for (const card of cards()) dress(card)
  if (cards().length) document.querySelector('.progress-of').after(keys())
  const place = document.getElementById('practice-tools')
  if (place) practice(place)
  if (window.courseForgets && (place || cards().length)) document.querySelector('.progress-of').after(make('p', {className: 'forgets', textContent: 'This browser lets the page keep nothing: marks and colors are forgotten when you leave it.'}))
  refresh()
  if (cards().length && location.search === '?review' && queue().length) review()
  addEventListener('storage', refresh)                             // another tab
})()
