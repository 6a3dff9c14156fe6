/** The worker of a page that builds: what a user's own file of one line is. */
import '../../src/compiler/compiler-worker.js'
