// On every page: the drawer of a phone closes when its link was followed; what a search found in a folded part is opened.
(() => {
  document.addEventListener('click', event => event.target.closest('dialog[id^=pst] a[href]')?.closest('dialog').close())
  addEventListener('load', () => setTimeout(() => {                 // Sphinx marks the words a moment after the page is there
    for (const found of document.querySelectorAll('details .highlighted')) {
      for (let details = found.closest('details'); details; details = details.parentElement.closest('details')) details.open = true
    }
  }, 100))
})()
