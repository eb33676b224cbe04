package templates

import "embed"

// Starter holds, below starter/, the configuration and workflows that a team
// begins with.
//
//go:embed all:starter
var Starter embed.FS
