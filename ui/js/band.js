// A shaded band between two values of a series, drawn under it.

export class Band {
  constructor({low, high, colour}) {
    Object.assign(this, {low, high, colour})
  }

  attached({series}) {
    this.series = series
  }

  paneViews() {
    return [{zOrder: () => "bottom", renderer: () => ({draw: (target) => this.#draw(target)})}]
  }

  #draw(target) {
    const top = this.series.priceToCoordinate(this.high)
    const bottom = this.series.priceToCoordinate(this.low)
    if (top === null || bottom === null) return
    target.useMediaCoordinateSpace(({context, mediaSize}) => {
      context.fillStyle = this.colour
      context.fillRect(0, top, mediaSize.width, bottom - top)
    })
  }
}
