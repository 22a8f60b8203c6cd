// The body of every component: fetch the module that the Python class names, mount it, tidy up after it.
// Component code runs from a blob address, hence the absolute URL made from the page's own.
export async function render({model}) {
  const box = document.createElement("div")
  box.className = `o-box o-part-${model.module}`
  try {
    const {mount} = await import(new URL(`assets/${model.module}.js`, document.baseURI).href)
    const dispose = mount(box, model)
    model.on("remove", dispose)
  } catch (error) {
    box.setAttribute("role", "alert")
    box.textContent = `This part of the page could not be loaded (${error.message}). Reload it; “panel serve ui” needs “--plugins ui.assets”.`
    console.error(error)
  }
  return box
}
