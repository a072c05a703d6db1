export const USAGE = `usage:
  rollout plan [--over 24h]            how long each stage needs at present traffic
  rollout status [--judge [--record <file>]]
                                       where it stands; --judge asks the gates, and changes nothing;
                                       --record keeps what they were answered, for simulate
  rollout start [--instances <n>]      from off to the first stage
  rollout promote                      judges the bake; goes to the next stage only if it passes
  rollout pause | resume               stop judging; begin a new bake of the stage
  rollout abort --why <text>           off for everybody, and the campaign is over
  rollout kill --why <text>            off for everybody at once: no lease, no Prometheus, no API
  rollout watch [--act] [--every 60s] [--once]
                                       looks again and again; only with --act it promotes and aborts
  rollout history [--campaign <n>] [--gates] [--limit 50]
                                       the newest of all that was done and judged, oldest first
  rollout simulate <file> [--every 1h] the same judgement on recorded or made samples
  rollout announce [<text>] [--withdraw <n>]
  rollout schema                       of --json

examples
  rollout start --instances 2 --why 'release 1.4'
  rollout promote                      exit 0: promoted; 2: failed; 3: not yet, or not to be known
  rollout promote --force --why 'the failures were a load test'
  rollout kill --why 'sessions get lost'
  rollout resume --release-kill --why 'mended in 1.4.1'

options
  --flag <name>          single_session_guard unless said
  --why <text>           kept with the step, shown in history
  --by <name>            who did it; else the user of this machine
  --announce <text>      what users are told, instead of the stage's own text
  --instances <n>        API processes that have to report before anything is promoted
  --release-kill         start, resume: let go of the kill that is there (with --why)
  --force                promote: against the verdict, which is kept with the step (with --why)
  --take-over            take the rollout from who holds it; its next write is refused
  --api <url>            kill: through the API as well, with PHASELOCK_API_KEY
  --json                 one document, described by \`rollout schema\`; a line for each look of watch
  --color <when>         auto, always, never

exit: 0 pass, or done · 2 fail · 3 inconclusive: nothing was promoted · 4 error: usage, a refusal,
      the database, or the rollout is held by another · 130 interrupted`;
