
module adder_encoder(x, bits, clk);
  output [3:0] bits;
  reg [3:0] bits = 4'h0;
  (* init = 4'h0 *)
  wire [3:0] bits_register;
  input clk;
  wire clk;
  input [3:0] x;
  wire [3:0] x;
  wire x0_ge_1;
  wire x1_ge_1;
  wire x2_ge_1;
  wire x3_ge_1;
  always @(posedge clk)
    bits <= { x3_ge_1, x2_ge_1, x1_ge_1, x0_ge_1 };
  assign bits_register = bits;
  assign x0_ge_1 = x[0];
  assign x1_ge_1 = x[1];
  assign x2_ge_1 = x[2];
  assign x3_ge_1 = x[3];
endmodule
