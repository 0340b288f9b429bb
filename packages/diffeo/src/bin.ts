import { main, processIo } from '@diffeo/cli'
import './backend/start.ts'

process.exitCode = await main(process.argv.slice(2), processIo())
