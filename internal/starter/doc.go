// Package starter makes the first files of a team: the configuration and the
// workflows of templates/starter, with the team's own names in them.
//
// Guess looks at a folder, Plan turns answers into files, and Write puts them
// into the folder. Guess and Plan only read and compute; Write never replaces
// anything that is there, also not what appears while it works. The examples
// in templates/starter are themselves right and are what the demo plays, so a
// name is put in by replacing a whole known line, and a line that is not there
// is an error that the tests find.
package starter
