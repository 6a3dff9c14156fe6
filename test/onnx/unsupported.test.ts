import { testLists } from './suite.js'

testLists('what of ONNX is not run')
