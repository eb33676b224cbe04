//go:build !planted

package engine

// early does nothing: effects are performed after the swap that owes them.
func (*tx) early() {}
