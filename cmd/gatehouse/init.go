package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/gatehouse-app/gatehouse/internal/starter"
)

type initOptions struct {
	starter.Answers
	noMobile, noMigrations bool
	dir                    string
	yes, dry, json         bool
	given                  func(flag string) bool
}

func initCommand(s streams) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a configuration and workflows to begin with",
		Long: "Writes .github/gatehouse.yml and the workflows that it names into DIR, a clone of your repository\n" +
			"(default: where you are). Asks for what it needs and what the folder does not say; without a terminal\n" +
			"it takes flags. A file that is there already is never touched.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir, o.given = ".", cmd.Flags().Changed
			if len(args) == 1 {
				o.dir = args[0]
			}
			return initialize(s, cmd.InOrStdin(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Staging.Project, "staging-project", "", "id of the Firebase project behind staging")
	f.StringVar(&o.Production.Project, "production-project", "", "id of the Firebase project behind production")
	f.StringVar(&o.Staging.URL, "staging-url", "", "address of staging (default https://PROJECT.web.app)")
	f.StringVar(&o.Production.URL, "production-url", "", "address of production (default https://PROJECT.web.app)")
	f.StringVar(&o.Approvers, "approvers", "", "GitHub team whose members approve production (default release-approvers)")
	f.StringVar(&o.Commanders, "commanders", "", "GitHub team that may roll back (default incident-commanders)")
	f.StringVar(&o.Slack, "slack", "", "Slack channel that hears of releases, such as releases")
	f.BoolVar(&o.Discord, "discord", false, "tell Discord too")
	f.BoolVar(&o.Mobile, "mobile", false, "build mobile apps with EAS (default: if the folder has any, or is empty)")
	f.BoolVar(&o.noMobile, "no-mobile", false, "build no mobile apps")
	f.BoolVar(&o.Migrations, "migrations", false, "run database migrations (default: if the folder has any, or is empty)")
	f.BoolVar(&o.noMigrations, "no-migrations", false, "run no database migrations")
	f.StringVar(&o.WebDir, "web-dir", "", "folder of the Next.js app (default: found, else app-web)")
	f.StringVar(&o.MobileDir, "mobile-dir", "", "folder of the Expo app (default: found, else app-mobile)")
	f.StringVar(&o.Functions, "functions-dir", "", "folder of the Cloud Functions (default: of firebase.json, else functions)")
	f.BoolVar(&o.yes, "yes", false, "ask nothing; take what is found and the defaults")
	f.BoolVar(&o.dry, "dry-run", false, "print every file and write none")
	f.BoolVar(&o.json, "json", false, "print what became of each file as JSON, one a line")
	return cmd
}

func initialize(s streams, in io.Reader, o initOptions) error {
	if o.Mobile && o.noMobile || o.Migrations && o.noMigrations {
		return usage(errors.New("a flag and its --no- form contradict each other; give one of them"))
	}
	root, err := openFolder(o.dir)
	if err != nil {
		return usage(err)
	}
	defer func() { _ = root.Close() }()
	answers, err := answer(s, in, root.FS(), o)
	if err != nil {
		return usage(err)
	}
	files, err := starter.Plan(answers)
	if err != nil {
		return usage(err)
	}
	done, err := place(root, files, o.dry)
	if err := errors.Join(err, printPlaced(s.out, done, o)); err != nil {
		return err
	}
	if !o.json {
		printHints(s.out, root, answers, o)
	}
	return outcome(done, o)
}

func openFolder(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the folder %s does not exist; clone your repository, and name its folder", dir)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be opened as a folder (%w); name the folder of your repository", dir, err)
	}
	return root, nil
}

// answer joins what the flags say, what the folder says, and what somebody at
// the terminal says. Without a terminal, what is missing is wrong use.
func answer(s streams, in io.Reader, fsys fs.FS, o initOptions) (starter.Answers, error) {
	a := o.over(starter.Guess(fsys))
	if isTerminal(in) && !o.yes {
		if err := ask(in, s.err, &a, o.given); err != nil {
			return a, err
		}
	}
	return a, missing(a)
}

func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// over puts the flags over what was guessed.
func (o initOptions) over(guess starter.Answers) starter.Answers {
	a := guess
	for flag, of := range map[string]struct {
		to   *string
		from string
	}{
		"staging-project":    {&a.Staging.Project, o.Staging.Project},
		"production-project": {&a.Production.Project, o.Production.Project},
		"approvers":          {&a.Approvers, o.Approvers},
		"commanders":         {&a.Commanders, o.Commanders},
		"slack":              {&a.Slack, channel(o.Slack)},
		"web-dir":            {&a.WebDir, o.WebDir},
		"mobile-dir":         {&a.MobileDir, o.MobileDir},
		"functions-dir":      {&a.Functions, o.Functions},
	} {
		if o.given(flag) {
			*of.to = of.from
		}
	}
	a.Staging.URL, a.Production.URL = starter.HostingURL(a.Staging.Project), starter.HostingURL(a.Production.Project)
	if o.given("staging-url") {
		a.Staging.URL = o.Staging.URL
	}
	if o.given("production-url") {
		a.Production.URL = o.Production.URL
	}
	a.Discord = o.Discord
	a.Mobile = (a.Mobile || o.Mobile || o.given("mobile-dir")) && !o.noMobile
	a.Migrations = (a.Migrations || o.Migrations) && !o.noMigrations
	return a
}
