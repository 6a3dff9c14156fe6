/** Single operators. */
import { testFolders } from './suite.js'

testFolders('ONNX operators', ['node'])
