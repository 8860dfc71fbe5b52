/** Returns the middle of some values, the lower of two. */
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

/** Formats a ratio. */
export const times = (ratio) => `${ratio.toFixed(ratio < 10 ? 2 : 1)}×`;
