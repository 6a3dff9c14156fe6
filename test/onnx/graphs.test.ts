/** Small graphs, and what PyTorch exported. */
import { testFolders } from './suite.js'

testFolders('ONNX graphs', ['simple', 'pytorch-operator', 'pytorch-converted', 'real'])
