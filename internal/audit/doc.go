// Package audit takes the audit trail out of a store and proves that it is whole.
//
// Each lane has one trail: a chain of entries in which every one carries the hash
// of the one before, and the lane holds the hash of the last. [Export] writes the
// entries for other systems to keep; [Verify] walks every chain and says which
// entry was changed, is missing, or changed places.
//
// What this package never does: write into the store, or pass over an entry that
// it cannot read.
package audit
