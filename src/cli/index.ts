/** `gradus/cli`: what programs for a terminal need. The only part of the package that depends on Node. */
export { checkpointFolder, type Folder, type FolderOptions } from './checkpoints.js'
export { saveFile } from './file.js'
export { type Progress, type ProgressOptions, progress } from './progress.js'
export { table } from './table.js'
