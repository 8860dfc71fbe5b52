/** Returns the median; for an even number of values, the lower of the two middle ones. */
export const lowerMedian = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

/** Formats a ratio. */
export const times = (ratio) => `${ratio.toFixed(ratio < 10 ? 2 : 1)}×`;
