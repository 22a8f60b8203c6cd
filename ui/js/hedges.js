// How a hedge ratio is found -> its names on the page.

/** Choices for a select: value and words. */
export const HEDGES = [["ols", "OLS"], ["origin", "OLS through the origin"], ["kalman", "Kalman filter"]]

/** The words for one of them. */
export function hedgeName(hedge) {
  return HEDGES.find(([value]) => value === hedge)?.[1] ?? "OLS"
}
