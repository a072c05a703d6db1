export const USAGE = `usage:
  rollout plan [--over 24h]            estimated duration of each stage at present traffic
  rollout status [--judge [--record <file>]]
                                       state of the rollout; --judge also judges the gates, without
                                       changes; --record writes their data to a file, for simulate
  rollout start [--instances <n>]      from off to the first stage
  rollout promote                      judge the bake; go to the next stage only if it passes
  rollout pause | resume               stop judging; start a new bake of the stage
  rollout abort --why <text>           switch off for everybody, and end the campaign
  rollout kill --why <text>            switch off at once; needs no lease, Prometheus or API
  rollout watch [--act] [--every 60s] [--once]
                                       judge repeatedly; promote and abort only with --act
  rollout history [--campaign <n>] [--gates] [--limit 50]
                                       the newest steps, verdicts and flag changes, oldest first
  rollout simulate <file> [--every 1h] judge recorded or synthetic samples
  rollout announce [<text>] [--withdraw <n>]
                                       publish, list or withdraw announcements to users
  rollout schema                       JSON schema of --json

examples
  rollout start --instances 2 --why 'release 1.4'
  rollout promote                      exit 0: promoted; 2: failed; 3: not yet, or not decidable
  rollout promote --force --why 'the failures were a load test'
  rollout kill --why 'sessions get lost'
  rollout resume --release-kill --why 'mended in 1.4.1'

options
  --flag <name>          default single_session_guard
  --why <text>           reason, stored with the step and shown in history
  --by <name>            author of the change; default the user of this machine
  --announce <text>      announcement to users, instead of the default text of the stage
  --instances <n>        API processes that must report before a promotion
  --release-kill         start, resume: release the present kill (with --why)
  --force                promote: override the verdict, which is stored with the step (with --why)
  --take-over            take the lease from its holder, whose next write is then refused
  --api <url>            kill: try the API first, with PHASELOCK_API_KEY
  --json                 JSON, see \`rollout schema\`; with watch one line per iteration
  --color <when>         auto, always, never

exit: 0 pass, or done · 2 fail · 3 inconclusive: nothing was promoted · 4 error: usage, a refusal,
      the database, or a lease held by another process · 130 interrupted`;
