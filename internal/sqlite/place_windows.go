package sqlite

// hasModes says whether files have permission bits that mean something here.
func hasModes() bool { return false }

// syncDir does nothing: Windows journals names itself and cannot sync a directory.
func syncDir(string) error { return nil }
