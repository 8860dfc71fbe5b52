import { listingBytes, type HubListing } from './hub';

/**
 * Returns the maximum bytes of storage that a download and the import of its model take. `modelBytes` is the size of
 * the stored model, in float32. Each file of weights is deleted once its tensors are stored, so at most the largest
 * file is stored twice.
 */
export function storageNeeded(listing: Pick<HubListing, 'files'>, modelBytes: number): number {
  const largest = listing.files.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  return Math.max(listingBytes(listing), modelBytes) + largest;
}

/**
 * Returns the storage needed if the weights are float32, and if they are in half precision, which is stored as float32.
 */
export function storageEstimate(listing: Pick<HubListing, 'files'>): { float32: number; half: number } {
  const bytes = listingBytes(listing);
  return { float32: storageNeeded(listing, bytes), half: storageNeeded(listing, 2 * bytes) };
}
